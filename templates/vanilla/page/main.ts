import { Presence, Socket } from "rookery"
import type { Topics } from "../contract/topics.js"
import { reasonOf } from "./reason.js"

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T

// Open this page in two tabs: each is a person with a name of its own.
const name = `Guest ${Math.floor(1000 + Math.random() * 9000)}`

const socket = new Socket<Topics>("/socket")
socket.onStatus((status) => (element("status").textContent = status))
socket.connect()

// `recover` brings what was said while the connection was lost, and `rewind` the last messages from before the join.
const room = socket.channel("room:lobby", { name }, { recover: { rewind: 20 } })

room.on("new_msg", ({ from, text }) => {
  const message = document.createElement("li")
  const author = document.createElement("b")
  author.textContent = from
  message.append(author, ` ${text}`)
  element("messages").append(message)
  message.scrollIntoView()
})

const presence = new Presence(room)
presence.onSync(() => {
  const people = presence.list((who) => who)
  element("people").textContent = `Here now: ${people.join(", ")}`
})

const field = element<HTMLInputElement>("text")
element<HTMLFormElement>("composer").addEventListener("submit", async (event) => {
  event.preventDefault()
  const text = field.value
  try {
    // `retry` sends the message again after a cut; the server handles it once.
    await room.push("new_msg", { text }, { retry: true })
    // The person may have typed the next message while this one was on its way.
    if (field.value === text) field.value = ""
    element("alert").textContent = ""
  } catch (error) {
    element("alert").textContent = reasonOf(error)
  }
})

try {
  await room.join()
} catch (error) {
  element("alert").textContent = reasonOf(error)
}
