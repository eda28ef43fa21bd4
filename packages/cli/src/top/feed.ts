import type { Client } from '@heddle/sdk'
import type { Live, Peer, Sample } from './readings.ts'

/** Samples kept: more than the widest terminal shows. */
const samplesMax = 500
/** An event is a few kilobytes; what is longer is not one. */
const pendingLengthMax = 1_000_000

/**
 * Reads the explorer's feed into `live`, which also makes the node look at its peers, until it breaks or
 * the signal aborts; rejects then.
 */
export async function followFeed(client: Client, live: Live, signal: AbortSignal): Promise<void> {
  const response = await client.transport.open('/explorer/api/live', { signal })
  const decoder = new TextDecoder()
  let pending = ''
  for await (const bytes of response.body ?? []) {
    pending += decoder.decode(bytes, { stream: true })
    const events = pending.split('\n\n')
    pending = events.pop() ?? ''
    if (pending.length > pendingLengthMax) pending = ''
    for (const event of events) takeEvent(event, live)
  }
  throw new Error('the feed ended')
}

function takeEvent(event: string, live: Live): void {
  const [, name, data] = /^event: (sample|peers)\ndata: (.+)$/.exec(event) ?? []
  if (data === undefined) return
  const value: unknown = JSON.parse(data)
  if (name === 'peers') live.peers = value as Peer[]
  else live.samples = [...live.samples.slice(1 - samplesMax), value as Sample]
}
