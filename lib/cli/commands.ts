import type { CommandEntry } from "./command.js"

/** All commands. Each is loaded separately, so that none waits for, or needs, the imports of another. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "new",
    summary: "creates a project",
    load: async () => (await import("./new.js")).newProject,
  },
  {
    name: "tail",
    summary: "prints every message of live topics",
    load: async () => (await import("./tail.js")).tail,
  },
  {
    name: "push",
    summary: "pushes an event and prints the reply",
    load: async () => (await import("./push.js")).push,
  },
  {
    name: "inspect",
    summary: "shows a running server",
    load: async () => (await import("./inspect.js")).inspect,
  },
  {
    name: "chat",
    summary: "chats in a terminal",
    load: async () => (await import("./chat.js")).chat,
  },
  {
    name: "chat-server",
    summary: "serves a chat",
    load: async () => (await import("./chat-server.js")).chatServer,
  },
  {
    name: "completion",
    summary: "prints a completion script for a shell",
    load: async () => (await import("./completion.js")).completion(COMMANDS),
  },
]
