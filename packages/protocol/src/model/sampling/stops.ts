import { concatBytes, encodeText } from '../../base/index.ts'

export type StopMatcher = {
  /**
   * Takes the bytes of the next token; returns those that may be shown now, and whether a stop was
   * met.
   */
  push(bytes: Uint8Array): { readonly shown: Uint8Array; readonly stopped: boolean }
  /** Gives out what was held back, once no token follows. */
  rest(): Uint8Array
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number, isPrefix: boolean): number {
  for (let at = from; at < bytes.length; at++) {
    const length = isPrefix ? Math.min(wanted.length, bytes.length - at) : wanted.length
    if (at + length > bytes.length) return -1
    let same = 0
    while (same < length && bytes[at + same] === wanted[same]) same += 1
    if (same === length) return at
  }
  return -1
}

/** Ends a text before the first of `stops`, and holds back what might be the beginning of one. */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const wanted = stops.filter((stop) => stop !== '').map(encodeText)
  let held: Uint8Array = new Uint8Array(0)
  const earliest = (bytes: Uint8Array, isPrefix: boolean): number => {
    const found = wanted.map((stop) => indexOf(bytes, stop, 0, isPrefix)).filter((at) => at >= 0)
    return found.length === 0 ? -1 : Math.min(...found)
  }
  return {
    push: (bytes) => {
      const all = concatBytes([held, bytes])
      const end = earliest(all, false)
      if (end >= 0) {
        held = new Uint8Array(0)
        return { shown: all.subarray(0, end), stopped: true }
      }
      const begun = earliest(all, true)
      const shown = begun < 0 ? all : all.subarray(0, begun)
      held = begun < 0 ? new Uint8Array(0) : all.slice(begun)
      return { shown, stopped: false }
    },
    rest: () => {
      const shown = held
      held = new Uint8Array(0)
      return shown
    },
  }
}
