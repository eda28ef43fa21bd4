import { describe, expect, it } from 'vitest'
import { readMessages } from './chat.ts'
import { readToolCall, readTools } from './tools.ts'

const transfer = {
  type: 'function',
  function: { name: 'transfer', parameters: { type: 'object' } },
}
const refused = (param: string) => expect.objectContaining({ details: { param } })

describe('tools', () => {
  const tools = readTools({ tools: [transfer] })

  it('are told to the model, and read from its answer in two spellings', () => {
    expect(tools.instruction?.content).toContain('"name":"transfer"')
    const direct = '{"name":"transfer","arguments":{"to":"ivan","qty":878}}'
    const beside = ' {"tool":"transfer","to":"ivan","qty":878}\n'
    for (const text of [direct, beside]) {
      expect(readToolCall(text, tools, 'call_1')).toEqual({
        id: 'call_1',
        type: 'function',
        function: { name: 'transfer', arguments: '{"to":"ivan","qty":878}' },
      })
    }
  })

  it('are not called by text, by other names, or where there are none', () => {
    const call = '{"name":"transfer","arguments":{}}'
    for (const text of ['hello', `so: ${call}`, '{"name":"steal"}', '[1]', '{"name":', '{}']) {
      expect(readToolCall(text, tools, 'x')).toBeUndefined()
    }
    expect(readToolCall(call, readTools({}), 'x')).toBeUndefined()
    expect(readToolCall(call, readTools({ tools: [transfer], tool_choice: 'none' }), 'x')).toBe(
      undefined,
    )
  })

  it('are refused where they are malformed or forced', () => {
    for (const list of [{}, [{}], [{ type: 'function', function: { name: 'a b' } }]]) {
      expect(() => readTools({ tools: list })).toThrow(refused('tools'))
    }
    for (const choice of ['required', 'bogus', { type: 'function' }, 1]) {
      const forced = { tools: [transfer], tool_choice: choice }
      expect(() => readTools(forced)).toThrow(refused('tool_choice'))
    }
  })
})

describe('messages', () => {
  it('are text, in parts too; calls are told as they were made', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = readMessages({
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content: 'done' },
      ],
    })
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool'])
    expect(messages.map(({ content }) => content)).toEqual([
      'be brief',
      'ab',
      '{"name":"f","arguments":"{}"}',
      'done',
    ])
  })

  it('are refused by name', () => {
    expect(() => readMessages({ messages: [] })).toThrow(refused('messages'))
    const image = [{ type: 'image_url', image_url: {} }]
    expect(() => readMessages({ messages: [{ role: 'user', content: image }] })).toThrow(
      refused('messages[0].content'),
    )
    expect(() => readMessages({ messages: [{ role: 'king', content: '' }] })).toThrow(
      refused('messages[0].role'),
    )
  })
})
