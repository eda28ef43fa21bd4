import { resultLimits } from '@heddle/protocol/message'
import { guestReplyTooLarge } from './errors.ts'

/** Three bytes at most stand for one UTF-16 unit, malformed ones too: beyond it no reply is short enough. */
const replyBytesMax = 3 * resultLimits.replyLength

/**
 * A module's reply as text; malformed bytes become U+FFFD. Throws `guest-reply-too-large` before
 * anything is made of it: a reply may have gigabytes, and where a text of them ends depends on the engine.
 */
export function decodeReply(bytes: Uint8Array): string {
  if (bytes.length > replyBytesMax) throw guestReplyTooLarge(bytes.length, resultLimits.replyLength)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
