// Loaded into a program by NODE_OPTIONS: the ports that it names are others, as MOVED_PORTS has them ("8080:23456,…").
// So a command can be tried as it stands, though the port that it names is taken on this machine.
import { Server, Socket } from "node:net"

const moved = new Map((process.env.MOVED_PORTS ?? "").split(",").map((pair) => pair.split(":").map(Number)))

/** The arguments of `listen` and `connect`: a port, options, or, from inside of Node, a list of options and callback. */
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
