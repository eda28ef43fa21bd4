import { type Finding, fault, good, warning } from './finding.ts'

/** Clocks further apart than this make logs of two nodes hard to compare. */
const skewGoodMs = 2_000
const skewMost = 60_000

/** When a node was asked and had answered by our clock, and what its own said in between. */
export type ClockReading = {
  readonly sentMs: number
  readonly nodeMs: number
  readonly receivedMs: number
}

/** The node's clock less ours at the middle of the question, which it may be off by half the way there and back. */
export function clockFinding({ sentMs, nodeMs, receivedMs }: ClockReading): Finding {
  const skewMs = nodeMs - (sentMs + receivedMs) / 2
  const sureMs = Math.abs(skewMs) - (receivedMs - sentMs) / 2
  const ahead = `${Math.abs(Math.round(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead'}`
  const text = `the node’s clock is ${ahead}`
  const advice = 'let both machines take their time from NTP (timedatectl set-ntp true)'
  if (sureMs > skewMost) return fault('clock', text, advice)
  return sureMs > skewGoodMs ? warning('clock', text, advice) : good('clock', text)
}
