import type { ConsoleMessage, Page } from "playwright-core"

/** Which messages of the console count. */
export interface Listening {
  /** By default errors and warnings. */
  readonly types?: readonly string[]
  /** Messages that the specs cause on purpose, for example that a server is gone. */
  readonly expected?: RegExp
  /** The list that they go to, where several pages share one. */
  readonly list?: string[]
}

/** What a browser complains about on a page. */
export interface Complaints {
  /** Errors that no code caught, and messages of the console, in order. */
  readonly list: string[]
  /** Stops listening: a page may live longer than one spec. */
  stop(): void
}

/** Listens to a page. Browsers ask for an icon by themselves; that none is there is no complaint. */
export function complaintsOf(page: Page, listening: Listening = {}): Complaints {
  const { types = ["error", "warning"], expected, list = [] } = listening
  const onError = (error: Error): number => list.push(String(error))
  const onMessage = (message: ConsoleMessage): void => {
    const isIcon = message.location().url.endsWith("/favicon.ico")
    if (types.includes(message.type()) && !isIcon && !expected?.test(message.text())) list.push(message.text())
  }
  page.on("pageerror", onError)
  page.on("console", onMessage)
  return {
    list,
    stop() {
      page.off("pageerror", onError)
      page.off("console", onMessage)
    },
  }
}

/** A browser tells of a server that is gone. */
export const SERVER_GONE = /ERR_CONNECTION|WebSocket connection/
