import type { MessageInput } from '@heddle/sdk'
import { type Flag, type Flags, tagFlag, tagFlags, textFlag, usageError } from './command.ts'
import { readInput } from './file.ts'

/** Flags that make a message. */
export const messageFlags: Readonly<Record<string, Flag>> = {
  action: { type: 'string', short: 'a', help: 'ACTION tag of the message' },
  data: { type: 'string', short: 'd', help: 'TEXT that is its data' },
  file: { type: 'string', short: 'f', help: 'FILE whose content is its data' },
  ...tagFlag,
}

export async function messageInput(flags: Flags, signal: AbortSignal): Promise<MessageInput> {
  const action = textFlag(flags, 'action')
  const text = textFlag(flags, 'data')
  const file = textFlag(flags, 'file')
  if (text !== undefined && file !== undefined) {
    throw usageError('give --data or --file, not both')
  }
  const tags = tagFlags(flags)
  const data = file === undefined ? text : await readInput(file)
  return {
    ...(action === undefined ? {} : { action }),
    ...(data === undefined ? {} : { data }),
    tags,
    signal,
  }
}
