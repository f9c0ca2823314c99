import { expect, it } from "vitest"
import { InOrder } from "../../../lib/chat/server/in-order.js"

/** A promise that the test settles. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

it("ends what was begun in the order in which it was begun", async () => {
  const order = new InOrder()
  const ended: string[] = []
  const [first, second] = [later<string>(), later<string>()]
  const all = [first, second].map(({ promise }) => order.finish("room", promise, (name) => ended.push(name)))
  second.resolve("second")
  await second.promise
  await new Promise(setImmediate)
  expect(ended).toEqual([])
  first.resolve("first")
  await Promise.all(all)
  expect(ended).toEqual(["first", "second"])
})

it("lets nobody wait for another key", async () => {
  const order = new InOrder()
  void order.finish("room", new Promise(() => {}), () => {})
  expect(await order.finish("other room", Promise.resolve(7), (seven) => seven + 1)).toBe(8)
})

it("goes on after what failed, and tells only whom it concerns", async () => {
  const order = new InOrder()
  const error = new Error("the disk is full")
  const failed = order.finish("room", Promise.reject(error), () => "never")
  const threw = order.finish("room", Promise.resolve(1), () => {
    throw error
  })
  const went = order.finish("room", Promise.resolve(2), (two) => two)
  expect(await Promise.allSettled([failed, threw, went])).toEqual([
    { status: "rejected", reason: error },
    { status: "rejected", reason: error },
    { status: "fulfilled", value: 2 },
  ])
})

it("says when all that was begun is through", async () => {
  const order = new InOrder()
  const { promise, resolve } = later<void>()
  let ended = false
  void order.finish("room", promise, () => (ended = true))
  const through = order.through("room")
  resolve()
  await through
  expect(ended).toBe(true)
  await order.through("a room where nothing was begun")
})
