import { HeddleError } from '@heddle/protocol/base'
import { modelCalls } from '@heddle/protocol/params'

// The texts are part of results: the same on every machine.

/** The guest asks for a model that its process does not name. */
export function modelNotDeclared(name: string, declared: readonly string[]): HeddleError {
  const { tag } = modelCalls
  const known = declared.join(', ') || 'none'
  const text =
    `the process does not name model ${name.slice(0, 43) || '(none)'}: spawn it with a tag ` +
    `${tag}, the id of the model's item. Named: ${known}.`
  return new HeddleError('model-not-declared', 'invalid', text)
}

/** A request to a model is malformed. */
export function modelCallInvalid(what: string): HeddleError {
  return new HeddleError('model-call-invalid', 'invalid', `call of a model: ${what}.`)
}

/** A message calls models too often. */
export function modelCallsTooMany(): HeddleError {
  const text = `a message may call models ${modelCalls.callsPerMessage} times: go on with another message.`
  return new HeddleError('model-calls-too-many', 'exhausted', text)
}
