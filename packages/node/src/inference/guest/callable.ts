import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import type { ChatFormat } from '@heddle/protocol/model'
import { writeReceipt } from '@heddle/protocol/receipt'
import { answerWhole, type LoadedModel } from '../answer/answer.ts'
import { readCallRequest } from './call-request.ts'

/** A model as compute's port for calls has it (`compute/guest/ports.ts`). */
export type CallableModel = {
  complete(
    request: Readonly<Record<string, unknown>>,
    terms: { readonly gasMax: number; readonly seed: number },
  ): {
    readonly reply: Readonly<Record<string, unknown>>
    readonly receipt: string
    readonly gasUsed: number
  }
}

/** Answers calls from within evaluations. Throws what is wrong with a request, or `gas-exhausted`. */
export function createCallable(
  model: LoadedModel,
  chat: ChatFormat,
  sha256: (bytes: Uint8Array) => Uint8Array,
): CallableModel {
  return {
    complete: (fields, { gasMax, seed }) => {
      const request = readCallRequest(fields, chat, seed)
      const { bytes, receipt } = answerWhole(model, { ...request, gasLimit: gasMax }, sha256)
      const written = writeReceipt(receipt)
      const reply = {
        text: decodeText(bytes),
        finish: receipt.finish,
        tokens: receipt.tokens.length,
        promptTokens: receipt.prompt.length,
        receipt: encodeBase64Url(sha256(written)),
        version: receipt.model,
        gas: receipt.gasUsed,
      }
      return { reply, receipt: decodeText(written), gasUsed: receipt.gasUsed }
    },
  }
}
