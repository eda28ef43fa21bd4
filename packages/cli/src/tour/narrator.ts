import { elapsed, print } from '../output.ts'

/** Tells the tour, one numbered step at a time. */
export type Narrator = {
  step(verb: string, text: string): void
  /** A remark under the last step. */
  say(text: string): void
  /** Where to look at what the last step did. */
  link(path: string): void
  stopwatch(): () => string
}

export function createNarrator(url: string): Narrator {
  let steps = 0
  return {
    step: (verb, text) => print(`${String(++steps).padStart(2)}  ${verb.padEnd(8)} ${text}`),
    say: (text) => print(`             ${text}`),
    link: (path) => print(`             ${url}${path}`),
    stopwatch: elapsed,
  }
}
