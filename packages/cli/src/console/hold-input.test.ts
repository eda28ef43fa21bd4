import { start } from 'node:repl'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { holdInput } from './hold-input.ts'

/** A console of Node's whose answers come when they are given. */
function open() {
  const input = new PassThrough()
  const asked: string[] = []
  let answer: (() => void) | undefined
  const server = start({
    input,
    output: new PassThrough(),
    terminal: true,
    preview: false,
    eval(code, _context, _file, reply) {
      asked.push(code.trim())
      answer = () => {
        answer = undefined
        reply(null, undefined)
        takeHeld()
      }
    },
  })
  const takeHeld = holdInput(server, () => answer !== undefined)
  const saw = (codes: readonly string[]) => expect.poll(() => asked).toEqual(codes)
  return { input, saw, answer: () => answer?.(), close: () => server.close() }
}

it('lines that are typed before an answer are asked after it, in their order', async () => {
  const { input, saw, answer, close } = open()
  input.write('one\rtwo\rth')
  await saw(['one'])
  answer()
  await saw(['one', 'two'])
  input.write('ree\r')
  answer()
  await saw(['one', 'two', 'three'])
  close()
})

it('Ctrl-C goes through, and drops what was typed before it', async () => {
  const { input, saw, answer, close } = open()
  input.write('one\rtwo\r\x03')
  await saw(['one'])
  answer()
  input.write('three\r')
  await saw(['one', 'three'])
  close()
})
