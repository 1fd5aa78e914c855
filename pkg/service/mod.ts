export { ServiceManager, type ServiceReport } from "./manager.ts";
export { BaseService, type Service, type ServiceState, serviceOf } from "./service.ts";
