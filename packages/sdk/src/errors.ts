import { type ErrorKind, errorMessage, HeddleError } from '@heddle/protocol/base'

/** The base URL of a node cannot be used. */
export function urlInvalid(url: string): HeddleError {
  const text = `${url} is not the URL of a node: give an http or https URL without a query`
  return new HeddleError('url-invalid', 'invalid', text, { url })
}

/** No connection, or it broke before there was an answer. */
export function nodeUnreachable(url: string, cause: unknown): HeddleError {
  const why = systemReason(cause)
  const text = `no node answers at ${url} (${why}): start one with \`heddle up\`, or give another URL`
  return new HeddleError('node-unreachable', 'unavailable', text, { url }, { cause })
}

/** The connection broke within the answer. */
export function answerCut(url: string, cause: unknown): HeddleError {
  const text = `the answer of ${url} broke off (${systemReason(cause)}): ask again`
  return new HeddleError('answer-cut', 'unavailable', text, { url }, { cause })
}

/** More bytes than a node ever answers with. */
export function answerTooLarge(url: string, bytesMax: number): HeddleError {
  const text = `the answer of ${url} has more than ${bytesMax} bytes: is it a Heddle node?`
  return new HeddleError('answer-too-large', 'invalid', text, { url, bytesMax })
}

/** An answer that is not what a node says there. */
export function answerUnexpected(url: string, want: string): HeddleError {
  const text = `${url} did not answer with ${want}: is it the URL of a Heddle node?`
  return new HeddleError('answer-unexpected', 'invalid', text, { url })
}

/** The node refused; code and words are the node's own where it gave them. */
export function nodeRefused(
  kind: ErrorKind,
  text: string,
  details: { readonly url: string; readonly status: number; readonly code?: string },
): HeddleError {
  const { code = 'node-refused', ...rest } = details
  return new HeddleError(code, kind, text, rest)
}

/** A text where an id belongs. */
export function idInvalid(what: string, text: string): HeddleError {
  const told = `"${text.slice(0, 64)}" is not the id of a ${what}: give 43 characters of base64url`
  return new HeddleError('id-invalid', 'invalid', told)
}

/** Something is to be signed and nobody is there to sign. */
export function signerMissing(): HeddleError {
  const text = 'this needs a signature: pass `signer` to createClient'
  return new HeddleError('signer-missing', 'invalid', text)
}

/** A wallet nothing can be signed with. */
export function walletInvalid(what: string, cause?: unknown): HeddleError {
  const text = `wallet: ${what}; give a private JWK, e.g. one made by \`heddle keygen FILE\``
  return new HeddleError('wallet-invalid', 'invalid', text, {}, { cause })
}

/** A wallet that signs whole items changed one; nothing of it was sent. */
export function itemAltered(what: string): HeddleError {
  const text =
    `the wallet signed an item with another ${what} than it was asked for; it was not sent: ` +
    'choose the account you connected with, or another wallet'
  return new HeddleError('item-altered', 'invalid', text, { what })
}

/** The bytes under an id are not that item, or its signature does not hold. */
export function itemForged(id: string, url: string): HeddleError {
  const text = `what ${url} gave for ${id} is not that item: do not trust this node`
  return new HeddleError('item-forged', 'invalid', text, { id, url })
}

/** Dry-runs travel as JSON, which holds no bytes. */
export function dataNotText(): HeddleError {
  const text = 'a read takes text as data, and these bytes are not UTF-8: use send'
  return new HeddleError('data-not-text', 'invalid', text)
}

/** A path where the source of an actor belongs; run as JavaScript it would do nothing at all. */
export function sourceIsPath(source: string): HeddleError {
  const text =
    `source is the text of an actor, and "${source}" reads like a path: ` +
    'in Node give `file` instead, elsewhere the text'
  return new HeddleError('source-is-path', 'invalid', text)
}

/** The first evaluation of a process has an Error. */
export function spawnFailed(processId: string, error: string): HeddleError {
  const text = `process ${processId} was spawned, but its first evaluation failed: ${error}`
  return new HeddleError('spawn-failed', 'invalid', text, { processId })
}

/**
 * What went wrong after an item got its durable slot. Sending again would make a second item, so the
 * id of the first is told, in the text and in `details.itemId`. Aborts are passed on as they are.
 */
export function afterPost(itemId: string, error: unknown): unknown {
  if (!(error instanceof HeddleError)) return error
  const text = `${itemId} is scheduled, but has no result yet: ${error.message}`
  const details = { ...error.details, itemId }
  return new HeddleError(error.code, error.kind, text, details, { cause: error })
}

/** `fetch failed` says nothing; the system's reason is one or two causes below it. */
function systemReason(error: unknown): string {
  let reason = errorMessage(error)
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : undefined
    reason = code ?? (each.message || reason)
  }
  return reason
}
