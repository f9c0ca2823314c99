import type { ChatUser } from "../topics.js"
import { Chat } from "./chat.js"
import { showChat } from "./chat-view.js"
import { byId, setText } from "../../page/dom.js"
import { LoginView } from "./login-view.js"
import { forgetRooms } from "./preferences.js"
import { askWays, endSession, reasonOf, type Session, type Ways } from "./session.js"

type Screen = "loading" | "login" | "chat"

const login = new LoginView(() => void start())
let ended = new AbortController()
let loggingOut = false

function show(screen: Screen): void {
  for (const id of ["loading", "login", "chat"]) byId(id, HTMLElement).hidden = id !== screen
}

function enter({ user }: Session): void {
  show("chat")
  const { signal } = (ended = new AbortController())
  const chat = new Chat(user, () => void checkSession(user, signal))
  signal.addEventListener("abort", () => chat.destroy())
  showChat(chat, logOut, signal)
}

/** @param ways how to log in, if the server was just asked */
function askToLogIn(reason?: string, ways?: Ways): void {
  ended.abort()
  document.title = "Rookery"
  show("login")
  login.show(reason, ways)
}

async function logOut(): Promise<string | undefined> {
  loggingOut = true
  try {
    await endSession()
    forgetRooms()
    history.replaceState(null, "", location.pathname)
    askToLogIn("You have logged out.")
    return undefined
  } catch (error) {
    return reasonOf(error)
  } finally {
    loggingOut = false
  }
}

/**
 * Checks whether the server refuses the socket because the session has ended, or whether only the connection is lost.
 */
async function checkSession(user: ChatUser, signal: AbortSignal): Promise<void> {
  try {
    const ways = await askWays()
    const { session } = ways
    // Another person may have logged in in another tab, and the cookie is theirs now.
    if (session && session.user.id !== user.id && !signal.aborted) {
      ended.abort()
      enter(session)
    }
    // The server ends the sockets of a session before it says that it has ended the session.
    if (!session && !signal.aborted && !loggingOut) askToLogIn("Your session has ended. Log in again.", ways)
  } catch {
    // The server cannot be reached; the socket keeps trying.
  }
}

async function start(): Promise<void> {
  const failed = byId("loading-failed", HTMLElement)
  failed.hidden = true
  show("loading")
  try {
    const ways = await askWays()
    if (ways.session) enter(ways.session)
    else askToLogIn(undefined, ways)
  } catch (error) {
    setText(byId("loading-error", HTMLElement), reasonOf(error))
    failed.hidden = false
  }
}

byId("load-again", HTMLElement).addEventListener("click", () => void start())
void start()
