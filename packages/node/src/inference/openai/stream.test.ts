import { encodeText } from '@heddle/protocol/base'
import { expect, it } from 'vitest'
import type { Answering } from '../service/service.ts'
import type { AnswerEnding } from '../worker/protocol.ts'
import type { Heading } from './reply.ts'
import { streamEvents } from './stream.ts'
import { readTools } from './tools.ts'

const kernel = 'k'.repeat(43)
const heading: Heading = { kind: 'chat', id: 'c1', createdSeconds: 0, model: 'm', kernel }
const receipt = new Uint8Array(1)
const ending: AnswerEnding = { finish: 'end', promptTokens: 3, tokens: 2, gasUsed: 1, receipt }

type Piece = {
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[]
  readonly error?: { readonly code: string }
}

async function collect(parts: readonly (Uint8Array | Error)[], tools = readTools({})) {
  let isReturned = false
  async function* answer(): Answering {
    try {
      for (const part of parts) {
        if (part instanceof Error) throw part
        yield part
      }
      return ending
    } finally {
      isReturned = true
    }
  }
  const answering = answer()
  const input = { heading, answering, tools, wantsUsage: false, keep: async () => 'R' }
  const events: Piece[] = []
  let text = ''
  for await (const bytes of streamEvents(input, await answering.next())) {
    const line = new TextDecoder().decode(bytes).replace(/^data: /, '')
    if (line.startsWith('[DONE]')) continue
    const piece = JSON.parse(line) as Piece
    events.push(piece)
    text += piece.choices?.[0]?.delta.content ?? ''
  }
  return { events, text, isReturned }
}

it('never cuts a letter in two', async () => {
  const letters = encodeText('grüß')
  const parts = Array.from(letters, (byte) => Uint8Array.of(byte))
  const { events, text, isReturned } = await collect(parts)
  expect(text).toBe('grüß')
  expect(events).toHaveLength(1 + 4 + 1)
  expect(events.at(-1)).toMatchObject({ choices: [{ finish_reason: 'stop' }], heddle_receipt: 'R' })
  expect(isReturned).toBe(true)
})

it('gives a call as a call, and an answer beside tools as text', async () => {
  const tools = readTools({ tools: [{ type: 'function', function: { name: 'f' } }] })
  const call = await collect([encodeText('{"name":"f",'), encodeText('"arguments":{}}')], tools)
  expect(call.events.at(-2)).toMatchObject({
    choices: [{ delta: { tool_calls: [{ index: 0, function: { name: 'f', arguments: '{}' } }] } }],
  })
  expect(call.events.at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] })
  expect((await collect([encodeText('no '), encodeText('call')], tools)).text).toBe('no call')
})

it('tells a failure in the stream', async () => {
  const { events } = await collect([encodeText('a'), new Error('broken')])
  expect(events.at(-1)?.error).toMatchObject({ code: 'internal' })
})
