import { HeddleError } from '../base/index.ts'

/** The file is not a model of its format, or breaks a limit. */
export function modelInvalid(what: string): HeddleError {
  return new HeddleError('model-invalid', 'invalid', `model file: ${what}`)
}

/** The file ends before what its header announces. */
export function modelTruncated(needed: number, present: number): HeddleError {
  return new HeddleError(
    'model-truncated',
    'invalid',
    `model file is cut off: ${needed} bytes are announced, ${present} are there. Fetch it again.`,
    { needed, present },
  )
}

/** The header goes on beyond the bytes at hand: give more of the file. */
export function headerIncomplete(present: number): HeddleError {
  return new HeddleError(
    'model-header-incomplete',
    'invalid',
    `the header of the model file is longer than the ${present} bytes read of it.`,
    { present },
  )
}

/** A well-formed model that this engine does not run. */
export function modelUnsupported(what: string): HeddleError {
  return new HeddleError('model-unsupported', 'invalid', `model is not supported: ${what}`)
}

/** A tensor is missing or has another shape than the header says. */
export function tensorInvalid(name: string, what: string): HeddleError {
  return new HeddleError('tensor-invalid', 'invalid', `tensor ${name}: ${what}`, { name })
}

/** The tokenizer does not fit the model, or its file is malformed. */
export function tokenizerInvalid(what: string): HeddleError {
  return new HeddleError('tokenizer-invalid', 'invalid', `tokenizer: ${what}`)
}

/** A token is not in the vocabulary. */
export function tokenOutOfRange(token: number, vocab: number): HeddleError {
  return new HeddleError(
    'token-out-of-range',
    'invalid',
    `token ${token} is not in the vocabulary: tokens are whole numbers from 0 to ${vocab - 1}.`,
    { token, vocab },
  )
}

/** The text is longer than a prompt may be. */
export function textTooLong(length: number, most: number): HeddleError {
  return new HeddleError(
    'text-too-long',
    'exhausted',
    `the text has ${length} characters, ${most} is the most that is tokenised at once.`,
    { length, most },
  )
}

/** Temperature, top-p or seed is out of its bounds. */
export function samplingInvalid(what: string): HeddleError {
  return new HeddleError('sampling-invalid', 'invalid', `sampling: ${what}`)
}
