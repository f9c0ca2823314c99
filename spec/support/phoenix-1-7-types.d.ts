/** An older official client beside the current one; what is used of it here has the same types. */
declare module "phoenix-1-7" {
  export * from "phoenix"
}
