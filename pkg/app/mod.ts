export { App, type AppOptions } from "./app.ts";
export { ROLES, rolesOf } from "./targets.ts";
