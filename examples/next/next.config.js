/** @type {import("next").NextConfig} */
export default {
  // The repository around this folder is no part of the app.
  turbopack: { root: import.meta.dirname },
}
