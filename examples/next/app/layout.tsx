import type { ReactElement, ReactNode } from "react"

export const metadata = { title: "Next chat" }

export default function Layout({ children }: { children: ReactNode }): ReactElement {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
