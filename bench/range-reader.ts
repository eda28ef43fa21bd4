import { connect } from 'node:net'

/** Bytes the system hands over at once, into the same memory each time. */
const bufferBytes = 256 * 1024

/**
 * One connection that asks for ranges and throws away what comes, one after another. Bare sockets:
 * Node's own HTTP client takes as much time for a megabyte as the node that reads and checks it.
 */
export function openRangeReader(target: string) {
  const { hostname, port, pathname } = new URL(target)
  const buffer = Buffer.allocUnsafe(bufferBytes)
  let answer = ''
  let leftBytes = -1
  let settle: { resolve(): void; reject(error: Error): void } | undefined
  const take = (length: number): boolean => {
    if (leftBytes >= 0) leftBytes -= length
    else readHead(buffer.subarray(0, length))
    if (leftBytes === 0) {
      leftBytes = -1
      settle?.resolve()
    }
    return true
  }
  const readHead = (part: Buffer) => {
    answer += part.toString('latin1')
    const end = answer.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end + 2))?.[1]
    const isRange = answer.startsWith('HTTP/1.1 206')
    if (!isRange || length === undefined) settle?.reject(new Error(answer.slice(0, 500)))
    leftBytes = Number(length) - (answer.length - end - 4)
    answer = ''
  }
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: { buffer, callback: take },
  })
  socket.on('error', (error) => settle?.reject(error))
  socket.on('close', () => settle?.reject(new Error('the node left')))
  return {
    read(from: number, bytes: number): Promise<void> {
      const range = `range: bytes=${from}-${from + bytes - 1}`
      return new Promise((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n${range}\r\n\r\n`)
      })
    },
    close: () => void socket.destroy(),
  }
}
