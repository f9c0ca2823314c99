// NODE_OPTIONS loads this file into a program. It replaces the program's ports by those in MOVED_PORTS
// ("8080:23456,…"), so a spec can run a documented command unchanged, even if its port is taken on this machine.
import { Server, Socket } from "node:net"

const moved = new Map((process.env.MOVED_PORTS ?? "").split(",").map((pair) => pair.split(":").map(Number)))

/** The arguments of `listen` and `connect`: a port, options, or, from within Node, a list of options and callback. */
function move(args) {
  const [first, ...rest] = args
  if (Array.isArray(first)) {
    const [options] = first
    if (moved.has(Number(options?.port))) options.port = moved.get(Number(options.port))
    return args
  }
  if (first !== null && typeof first === "object")
    return moved.has(Number(first.port)) ? [{ ...first, port: moved.get(Number(first.port)) }, ...rest] : args
  return moved.has(Number(first)) ? [moved.get(Number(first)), ...rest] : args
}

for (const [prototype, method] of [
  [Server.prototype, "listen"],
  [Socket.prototype, "connect"],
]) {
  const original = prototype[method]
  prototype[method] = function (...args) {
    return original.apply(this, move(args))
  }
}
