export { ANONYMOUS, checkTenant, TenantResolver } from "./tenant.ts";
