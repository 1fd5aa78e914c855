export { type AdminApi, adminRoutes } from "./admin.ts";
export { Params } from "./params.ts";
export { type QueryApi, queryRoutes } from "./query.ts";
export { type HttpServer, type HttpServerOptions, type Routes, serveHttp } from "./server.ts";
export { type RingMember, type ServiceStatus, type StatusApi, statusRoutes } from "./status.ts";
export { type TargetsApi, targetRoutes } from "./targets.ts";
export { type WriteApi, writeRoutes } from "./write.ts";
