import { posix } from "node:path"

/** A part of `lib/`: a folder, or a file that may import what the rest of its folder may not. */
export interface Layer {
  /** The files of the layer: a folder, or a path from `lib/`. */
  of: string
  /** The folders or single files that they may import beside their own folder. */
  lib?: string[]
  /** The packages, and the public entry points of this one, that they may import. */
  packages?: string[]
  /** Whether they run in Node only, and may import Node's modules. */
  node?: boolean
}

const PUBLIC = ["rookery", "rookery/*"]

/** The allowed imports of each layer. If two layers match a file, the later one counts. */
export const LAYERS: Layer[] = [
  { of: "protocol" },
  { of: "serializer", lib: ["protocol"] },
  { of: "serializer/msgpack.ts", lib: ["protocol"], packages: ["msgpackr"] },
  { of: "transport", lib: ["protocol"] },
  { of: "transport/platform.node.ts", lib: ["protocol"], packages: ["ws"], node: true },
  { of: "transport/websocket-in-turns.node.ts", packages: ["ws"], node: true },
  { of: "client", lib: ["protocol", "serializer", "transport"], packages: ["mitt"] },
  { of: "server", lib: ["protocol", "serializer"], packages: ["mitt"] },
  { of: "server/support", lib: ["protocol"] },
  { of: "server/limits", lib: ["protocol", "server/api", "server/support"] },
  { of: "server/api", lib: ["protocol", "serializer"] },
  {
    of: "server/telemetry",
    lib: ["protocol", "server/api", "server/limits", "server/support"],
    packages: ["mitt"],
  },
  {
    of: "server/pubsub",
    lib: ["protocol", "serializer", "server/api", "server/limits", "server/support", "server/telemetry"],
  },
  {
    of: "server/admission",
    lib: ["protocol", "serializer", "server/api", "server/limits", "server/support", "server/telemetry"],
  },
  {
    of: "server/process",
    lib: [
      "protocol",
      "serializer",
      "server/admission",
      "server/api",
      "server/limits",
      "server/pubsub",
      "server/support",
      "server/telemetry",
    ],
  },
  {
    of: "server/gateway",
    lib: [
      "protocol",
      "serializer",
      "server/admission",
      "server/api",
      "server/limits",
      "server/process",
      "server/pubsub",
      "server/support",
    ],
  },
  { of: "runtime/memory", lib: ["protocol", "serializer", "server/admission", "server/api"] },
  {
    of: "runtime/longpoll",
    lib: [
      "protocol",
      "serializer",
      "server/admission",
      "server/api",
      "server/limits",
      "server/process",
      "server/support",
    ],
  },
  {
    of: "runtime/messages",
    lib: ["protocol", "serializer", "server/api", "server/limits", "server/process", "server/support"],
  },
  {
    of: "runtime/web",
    lib: ["protocol", "serializer", "runtime/longpoll", "runtime/memory", "runtime/messages", "server"],
  },
  { of: "runtime/bun", lib: ["protocol", "serializer", "runtime/memory", "runtime/messages", "runtime/web", "server"] },
  { of: "runtime/deno", lib: ["protocol", "runtime/memory", "runtime/messages", "runtime/web", "server"] },
  { of: "runtime/workers", lib: ["protocol", "runtime/memory", "runtime/messages", "runtime/web", "server"] },
  { of: "runtime/node", lib: ["protocol", "runtime/longpoll", "runtime/memory", "server"], node: true },
  { of: "runtime/node/platform", lib: ["protocol", "server/api"], node: true },
  {
    of: "runtime/node/http",
    lib: ["protocol", "runtime/longpoll", "server/admission", "server/api", "server/limits", "server/support"],
    node: true,
  },
  // Rookery's websockets know nothing of channels and endpoints.
  { of: "runtime/node/websocket", lib: ["protocol/close-codes.ts", "runtime/node/platform"], node: true },
  {
    of: "runtime/node/upgrade",
    lib: [
      "runtime/node/http",
      "runtime/node/websocket",
      "server/admission",
      "server/api",
      "server/limits",
      "server/process",
    ],
    node: true,
  },
  {
    of: "runtime/node/workers",
    lib: [
      "protocol",
      "runtime/longpoll",
      "runtime/node/http",
      "runtime/node/platform",
      "server/admission",
      "server/api",
    ],
    node: true,
  },
  {
    of: "runtime/ws",
    lib: ["serializer", "runtime/messages", "runtime/node/upgrade", "server/api"],
    node: true,
  },
  { of: "redis", lib: ["protocol", "serializer/nesting.ts", "server/api/cluster.ts"], node: true },
  { of: "rpc", packages: [...PUBLIC, "capnweb"] },
  { of: "lifecycle", lib: ["protocol"], packages: ["rookery"] },
  { of: "metrics", lib: ["protocol"], packages: ["rookery/server"] },
  { of: "otel", lib: ["metrics", "protocol"], packages: ["rookery/server"] },
  { of: "inspect", lib: ["protocol"], packages: ["rookery/server"] },
  { of: "inspect/page", lib: ["inspect/wire.ts", "page"] },
  { of: "panel", lib: ["inspect/preview.ts", "page", "protocol"], packages: ["rookery"] },
  { of: "phoenix", packages: [...PUBLIC, "phoenix"] },
  { of: "react", packages: ["rookery", "react"] },
  { of: "testing", packages: PUBLIC, node: true },
  { of: "page" },
  { of: "chat", packages: PUBLIC },
  { of: "chat/platform.node.ts", packages: PUBLIC, node: true },
  {
    of: "chat/node",
    lib: [
      "chat/session-cache.ts",
      "chat/events.ts",
      "chat/errors.ts",
      "chat/room.ts",
      "chat/client.ts",
      "chat/client-options.ts",
      "chat/outcome.ts",
      "chat/topics.ts",
    ],
    packages: PUBLIC,
    node: true,
  },
  { of: "chat/page", lib: ["chat/topics.ts", "page"], packages: PUBLIC },
  { of: "chat/server", lib: ["chat/topics.ts"], packages: [...PUBLIC, "lmdb", "nodemailer"], node: true },
  { of: "cli", packages: [...PUBLIC, "redis"], node: true },
]

const toOutput = (path: string): string => path.replace(/\.ts$/, ".js")

/** The layer as a rule for the linter: a group of patterns in the manner of .gitignore. */
export function lintOverride({ of, lib = [], packages = [], node = false }: Layer): object {
  const folder = of.endsWith(".ts") ? posix.dirname(of) : of
  const allowed = [
    "./**",
    ...lib
      .map((part) => posix.relative(folder, part))
      .map((path) => (path.endsWith(".ts") ? toOutput(path) : `${path}/**`)),
    // Entry points may be nested, as in `rookery/chat/server`.
    ...packages.map((name) => name.replace(/\/\*$/, "/**")),
    ...(node ? ["node:*", "node:*/**"] : []),
  ]
  const message = `Not for lib/${of}: see spec/layering.ts`
  return {
    files: [of.endsWith(".ts") ? `lib/${of}` : `lib/${of}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["**", ...allowed.map((pattern) => `!${pattern}`)], message }] },
      ],
    },
  }
}
