// biome-ignore-all lint/suspicious/noDoubleEquals: AssemblyScript compares with two signs
// How a raw actor reads its message and answers. Copy this file and heddle.ts.
import { field as copyField, print as writeLog } from './heddle'

// Kept here so that the collector leaves them alone until the next message.
let input: ArrayBuffer = new ArrayBuffer(0)
let output: ArrayBuffer = new ArrayBuffer(0)

/** The host asks for room to put the message's JSON in. */
export function allocate(bytes: i32): usize {
  input = new ArrayBuffer(bytes)
  return changetype<usize>(input)
}

/** A field of the message: `From`, `Data`, `Tag.Action`…; an empty text where it has none. */
export function field(name: string): string {
  const key = String.UTF8.encode(name)
  let value = new ArrayBuffer(256)
  const length = copyField(changetype<usize>(key), key.byteLength, changetype<usize>(value), 256)
  if (length < 0) return ''
  if (length > 256) {
    value = new ArrayBuffer(length)
    copyField(changetype<usize>(key), key.byteLength, changetype<usize>(value), length)
  }
  return String.UTF8.decodeUnsafe(changetype<usize>(value), length)
}

/** Writes a line to the node's log; no result holds it. */
export function print(text: string): void {
  const bytes = String.UTF8.encode(text)
  writeLog(changetype<usize>(bytes), bytes.byteLength)
}

/** A text as JSON. */
export function quote(text: string): string {
  let quoted = '"'
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code == 0x22 || code == 0x5c) quoted += `\\${text.charAt(i)}`
    else if (code < 0x20) quoted += `\\u${code.toString(16).padStart(4, '0')}`
    else quoted += text.charAt(i)
  }
  return `${quoted}"`
}

/** A message to send, as JSON. */
export function message(target: string, data: string, action: string): string {
  const tags = `[{"name":"Action","value":${quote(action)}}]`
  return `{"Target":${quote(target)},"Data":${quote(data)},"Anchor":"0","Tags":${tags}}`
}

/** The answer to the message: what it gives and what it sends. */
export function answer(data: string, messages: string[]): u64 {
  const sent = `"Messages":[${messages.join(',')}],"Spawns":[],"Assignments":[]`
  return reply(`{"ok":true,"response":{"Output":{"data":${quote(data)}},${sent}}}`)
}

/** The message failed: the host takes back all it did. */
export function refuse(reason: string): u64 {
  return reply(`{"ok":true,"response":{"Error":${quote(reason)},"Messages":[]}}`)
}

function reply(json: string): u64 {
  output = String.UTF8.encode(json)
  return ((changetype<usize>(output) as u64) << 32) | (output.byteLength as u64)
}
