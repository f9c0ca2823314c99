export { phoenixOptions, type PhoenixOptions, type PhoenixSocketOptions } from "./phoenix/phoenix-options.js"
