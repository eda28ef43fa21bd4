import type { Tag } from '@heddle/protocol/item'
import { tagValue } from '@heddle/protocol/item'
import type { GivenMessage } from './infer-message.ts'

export type Outgoing = {
  readonly Target: string
  readonly Anchor: string
  readonly Tags: readonly Tag[]
  readonly Data: string
}

/** A message back to who asked, so that `receive()` of aos and of `js` actors goes on. */
export function replyMessage(
  { From, Tags }: GivenMessage,
  sent: number,
  tags: Readonly<Record<string, string>>,
  data: string,
): Outgoing {
  const reference = String(sent)
  const asked = tagValue(Tags, 'Reference') ?? tagValue(Tags, 'X-Reference')
  const origin = tagValue(Tags, 'X-Origin')
  const all = {
    'Data-Protocol': 'ao',
    Variant: 'ao.TN.1',
    Type: 'Message',
    Reference: reference,
    ...(asked === undefined ? {} : { 'X-Reference': asked }),
    ...(origin === undefined ? {} : { 'X-Origin': origin }),
    ...tags,
  }
  return {
    Target: tagValue(Tags, 'Reply-To') ?? From,
    Anchor: reference.padStart(32, '0'),
    Tags: Object.entries(all).map(([name, value]) => ({ name, value })),
    Data: data,
  }
}

export type Response = {
  readonly Messages?: readonly Outgoing[]
  readonly Output?: unknown
  readonly Error?: string
  readonly GasUsed?: number
}

/** What `handle` returns. */
export function responseJson(response: Response): string {
  return JSON.stringify({
    ok: true,
    response: { Messages: [], Spawns: [], Assignments: [], ...response },
  })
}
