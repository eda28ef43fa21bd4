import { errorMessage, HeddleError } from '@heddle/protocol/base'

/** No connection to a peer, or it could not prove its key; `retryAfterMs` where a pause is running. */
export function peerUnreachable(peer: string, cause: unknown, retryAfterMs?: number): HeddleError {
  const pause = retryAfterMs === undefined ? '' : ` Next try in ${Math.ceil(retryAfterMs)} ms.`
  const text = `bulk peer ${peer} cannot be reached: ${errorMessage(cause)}.${pause}`
  return new HeddleError('bulk-peer-unreachable', 'unavailable', text, { peer }, { cause })
}

/** The other end proved another key than the one pinned, or none. */
export function peerUntrusted(peer: string, why: string): HeddleError {
  const text = `bulk peer ${peer} ${why}. Check the storer set: address and key belong together.`
  return new HeddleError('bulk-peer-untrusted', 'denied', text, { peer })
}

/** The connection ended before the answer; asking again may work. */
export function connectionLost(peer: string, why: string): HeddleError {
  const text = `the bulk connection to ${peer} ended: ${why}. Ask again.`
  return new HeddleError('bulk-connection-lost', 'unavailable', text, { peer })
}

/** The peer is there and does not answer. */
export function callTimedOut(peer: string, afterMs: number): HeddleError {
  const text = `bulk peer ${peer} gave no answer within ${afterMs} ms. Ask another.`
  return new HeddleError('bulk-call-timed-out', 'unavailable', text, { peer, afterMs })
}

/** A request of ours is longer than a frame may be. */
export function frameTooLong(part: string, bytes: number, bytesMax: number): HeddleError {
  const text = `the ${part} of a bulk frame has ${bytes} bytes, at most ${bytesMax} go: send less.`
  return new HeddleError('bulk-frame-too-long', 'invalid', text, { bytes, bytesMax })
}

/** What came is no frame of this lane; the connection ends with it. */
export function frameInvalid(peer: string, why: string): HeddleError {
  const text = `${peer} sent what is no bulk frame: ${why}. Is it a Heddle storer?`
  return new HeddleError('bulk-frame-invalid', 'invalid', text, { peer })
}

/** Asked after `close`. */
export function laneClosed(): HeddleError {
  return new HeddleError('bulk-closed', 'unavailable', 'the bulk lane is closed: the node stops.')
}
