import { useInsertionEffect, useRef } from "react"

/** A ref to the value of the last render, updated before its effects run. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value)
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
