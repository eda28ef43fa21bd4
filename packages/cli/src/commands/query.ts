import type { FoundItem } from '@heddle/sdk'
import {
  type Command,
  clientFlags,
  type Flags,
  numberFlag,
  tagFlag,
  tagFlags,
  textFlag,
} from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

const limitMax = 10_000

/** A name given twice takes either value. */
function tagsOf(flags: Flags): Record<string, string[]> {
  const tags: Record<string, string[]> = {}
  for (const { name, value } of tagFlags(flags)) tags[name] = [...(tags[name] ?? []), value]
  return tags
}

function row({ id, dataBytes, contentType, block, tags }: FoundItem): string {
  const type = tags.find(({ name }) => name === 'Type')?.value ?? contentType
  return [id, `${block?.height ?? 'pending'}`.padStart(8), `${dataBytes}`.padStart(12), type]
    .join('  ')
    .trimEnd()
}

export const queryCommand: Command = {
  name: 'query',
  usage: '',
  summary: 'Find items and transactions by tags, owner, recipient or bundle, newest first',
  flags: {
    ...clientFlags,
    ...tagFlag,
    owner: { type: 'string', help: 'ADDRESS that signed it' },
    recipient: { type: 'string', help: 'ID it is sent to' },
    'bundled-in': { type: 'string', help: 'ID of the bundle that holds it' },
    limit: { type: 'string', help: 'COUNT of items at most (default 20)' },
  },
  arguments: [0, 0],
  async run({ flags, signal }) {
    const limit = numberFlag(flags, 'limit', limitMax) ?? 20
    const one = (name: string, flag: string) => {
      const value = textFlag(flags, flag)
      return value === undefined ? {} : { [name]: [value] }
    }
    const input = {
      ...one('owners', 'owner'),
      ...one('recipients', 'recipient'),
      ...one('bundledIn', 'bundled-in'),
      tags: tagsOf(flags),
      first: Math.min(limit, 100),
      signal,
    }
    const collect = async () => {
      const items: FoundItem[] = []
      for await (const item of connect(flags).queryAll(input)) {
        items.push(item)
        if (items.length >= limit) break
      }
      return items
    }
    const items = await withProgress('searching', collect())
    answer(flags.json === true, items, items.map(row).join('\n') || 'nothing found')
    return 0
  },
}
