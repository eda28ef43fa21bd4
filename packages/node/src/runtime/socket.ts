import { connect, createServer, type Socket as TcpSocket } from 'node:net'
import type { Socket, Sockets } from './ports.ts'

/** TCP of the machine, without Nagle's delay. */
export const systemSockets: Sockets = {
  connect(host, port, signal) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const tcp = connect({ host, port })
      const fail = (cause: unknown) => {
        signal.removeEventListener('abort', onAbort)
        tcp.destroy()
        reject(cause)
      }
      const onAbort = () => fail(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      tcp.once('error', fail)
      tcp.once('connect', () => {
        signal.removeEventListener('abort', onAbort)
        tcp.off('error', fail)
        resolve(socketOf(tcp))
      })
    })
  },
  listen({ host, port, connectionsMax }, onSocket) {
    const server = createServer((tcp) => onSocket(socketOf(tcp)))
    server.maxConnections = connectionsMax
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        const address = server.address()
        resolve({
          port: typeof address === 'object' && address !== null ? address.port : port,
          close: () => new Promise((done) => server.close(() => done())),
        })
      })
    })
  },
}

function socketOf(tcp: TcpSocket): Socket {
  tcp.setNoDelay(true)
  const inbox = openInbox(tcp)
  return {
    remote: `${tcp.remoteAddress ?? 'unknown'}:${tcp.remotePort ?? 0}`,
    read: inbox,
    write: (parts) => writeAll(tcp, parts),
    destroy: () => void tcp.destroy(),
  }
}

/** Hands chunks on as they are asked for; the system is held back while nobody asks. */
function openInbox(tcp: TcpSocket): Socket['read'] {
  const chunks: Uint8Array[] = []
  let isOver = false
  let waiting: ((chunk: Uint8Array | undefined) => void) | undefined
  const hand = (chunk: Uint8Array | undefined) => {
    const resolve = waiting
    waiting = undefined
    resolve?.(chunk)
  }
  const end = () => {
    isOver = true
    hand(undefined)
  }
  tcp.on('data', (chunk) => {
    if (waiting !== undefined) return hand(chunk)
    chunks.push(chunk)
    tcp.pause()
  })
  tcp.on('end', end)
  tcp.on('close', end)
  // A broken connection is one that is over: writers hear the cause, readers need none.
  tcp.on('error', end)
  return () => {
    const chunk = chunks.shift()
    if (chunk !== undefined) return Promise.resolve(chunk)
    if (isOver) return Promise.resolve(undefined)
    if (tcp.isPaused()) tcp.resume()
    return new Promise((resolve) => {
      waiting = resolve
    })
  }
}

function writeAll(tcp: TcpSocket, parts: readonly Uint8Array[]): Promise<void> {
  const filled = parts.filter((part) => part.length > 0)
  const last = filled.pop()
  if (last === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    // Corked parts leave in one writev from where they lie.
    tcp.cork()
    for (const part of filled) tcp.write(part)
    tcp.write(last, (error) => (error ? reject(error) : resolve()))
    tcp.uncork()
  })
}
