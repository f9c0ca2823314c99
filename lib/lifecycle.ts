export { keepRenewed, renew, type Renewal, type RenewOptions } from "./lifecycle/renew.js"
