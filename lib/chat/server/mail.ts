import type { Transporter } from "nodemailer"
import { RookeryError } from "rookery/server/node"

/** Sends magic links to users. */
export interface Mail {
  /** Whether links appear on this machine only, so that the server may listen on loopback addresses only. */
  readonly loopbackOnly?: boolean
  /** Called once, before the first link is requested. Rejects if links cannot be sent, with the reason. */
  start?(): void | Promise<void>
  send(email: string, link: string): Promise<void>
}

/** The environment with the settings of the mail server, such as `process.env`. */
export type MailEnvironment = Readonly<Record<string, string | undefined>>

/** Prints links instead of mailing them, for development on your own machine. */
export function logMail(print: (line: string) => void): Mail {
  return {
    loopbackOnly: true,
    start() {
      print("No mail server is set, so links for logging in are printed here. To mail them set SMTP_URL and MAIL_FROM.")
    },
    async send(email, link) {
      print(`A link for ${email}: ${link}`)
    },
  }
}

function readPort(text = "587"): number {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536) return Number(text)
  throw new RookeryError("bad_option", `SMTP_PORT: ${text} is not a port; write 587, or omit it`)
}

/**
 * Mails links by SMTP, with the settings `SMTP_URL`, or `SMTP_HOST`, `SMTP_PORT`, `SMTP_USER` and `SMTP_PASS`, and
 * `MAIL_FROM`. Returns `undefined` if neither a URL nor a host is set.
 */
export function smtpMail(environment: MailEnvironment): Mail | undefined {
  const {
    SMTP_URL: url,
    SMTP_HOST: host,
    SMTP_PORT: port,
    SMTP_USER: user,
    SMTP_PASS: pass,
    MAIL_FROM: from,
  } = environment
  if (!url && !host) return undefined
  if (!from) throw new RookeryError("bad_option", "MAIL_FROM is not set: the address that links are sent from")
  const server = url ? { url } : { host, port: readPort(port), ...(user && { auth: { user, pass: pass ?? "" } }) }
  // No part of a mail is ever loaded from a file or a URL.
  const options = { ...server, disableFileAccess: true, disableUrlAccess: true }
  let transport: Promise<Transporter> | undefined
  const open = async (): Promise<Transporter> => {
    try {
      const { createTransport } = await import("nodemailer")
      return createTransport(options)
    } catch (cause) {
      throw new RookeryError("bad_option", "sending mail needs the package nodemailer: npm install nodemailer", cause)
    }
  }
  const opened = (): Promise<Transporter> => (transport ??= open())
  return {
    async start() {
      await opened()
    },
    async send(email, link) {
      const mailer = await opened()
      await mailer.sendMail({
        from,
        // An object, so that nodemailer never parses the address as a list or as another header.
        to: { name: "", address: email },
        subject: "Your link to the chat",
        text: `Open this link to log in:\n\n${link}\n\nIt works once, and not for long. If you did not ask for it, do nothing.\n`,
      })
    },
  }
}
