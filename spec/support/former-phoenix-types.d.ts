/** The official client before 1.7; what is used of it here has the same types as the current one's. */
declare module "phoenix-1-3" {
  export * from "phoenix"
}
declare module "phoenix-1-4" {
  export * from "phoenix"
}
declare module "phoenix-1-5" {
  export * from "phoenix"
}
declare module "phoenix-1-6" {
  export * from "phoenix"
}
