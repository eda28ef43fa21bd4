import { constant, op, tinyModule } from '../../guest/tiny-module.fixture.ts'

const pathAt = 8192
const replyAt = 16_384
const shownBytes = 8
const before = '{"ok":true,"response":{"Messages":[],"Output":"'

/** An emscripten module whose every message opens one path and answers with its first 8 bytes. */
export function readingModule(path: string): Uint8Array {
  const { i32 } = op
  const name = (what: string) => `__asyncjs__weavedrive_${what}`
  const shownAt = replyAt + before.length
  return tinyModule({
    imports: [
      { name: name('open'), params: [i32, i32], results: [i32] },
      { name: name('read'), params: [i32, i32, i32], results: [i32] },
    ],
    handle: [
      ...write(pathAt, `${path}\0`),
      ...write(replyAt, `${before}${'-'.repeat(shownBytes)}"}}\0`),
      ...[...constant(pathAt), ...constant(0), op.call, 0],
      ...[...constant(shownAt), ...constant(shownBytes), op.call, 1, op.drop],
      ...constant(replyAt),
    ],
  })
}

function write(at: number, text: string): number[] {
  const store8 = 0x3a
  return [...text].flatMap((letter, i) => [
    ...[...constant(at + i), ...constant(letter.charCodeAt(0)), store8, 0, 0],
  ])
}
