import { imagePageBytes } from '../ports.ts'

// Half of what a copy of a state takes is the system giving new memory for it, and what is dropped
// often makes V8 collect garbage often. So memory of older images serves again, with some pages to
// spare for states that grow and shrink by a few.

const spareBytes = 8 * imagePageBytes

/** Rooms that are nobody's: so many at most, and none that is larger. */
const idleMax = 4
const idleBytesMax = 4 * 2 ** 20

/** Memory made here and in use: the pages of one image lie in it and nothing else. */
const used = new WeakSet<ArrayBufferLike>()
const idle: ArrayBufferLike[] = []

/**
 * `length` bytes for the pages of an image, with anything in them: in the room of an image that is no more (`worn`)
 * where that fits, else in one that was given back.
 */
export function roomFor(length: number, worn?: Uint8Array): Uint8Array {
  const fits = (room: ArrayBufferLike) =>
    room.byteLength >= length && room.byteLength <= 2 * length + spareBytes
  if (worn !== undefined && used.has(worn.buffer) && fits(worn.buffer)) {
    return new Uint8Array(worn.buffer, 0, length)
  }
  const place = idle.findIndex(fits)
  const [room = new ArrayBuffer(length + spareBytes)] = place < 0 ? [] : idle.splice(place, 1)
  used.add(room)
  return new Uint8Array(room, 0, length)
}

/** Gives back the room of an image's pages, if it has one. Whoever does so was the last to look at them. */
export function giveRoomBack(pages: Uint8Array): void {
  const { buffer } = pages
  if (!used.delete(buffer) || buffer.byteLength > idleBytesMax) return
  idle.unshift(buffer)
  idle.splice(idleMax)
}
