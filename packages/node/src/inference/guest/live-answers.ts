import { type Answer, type AnswerRequest, beginAnswer, type LoadedModel } from '../answer/answer.ts'

/** Answers that keep their caches between messages, for all processes of one model on one thread. */
export type LiveAnswers = {
  begin(request: AnswerRequest): Answer
  /** Keeps an answer's cache for later; the oldest gives its own up where there are too many. */
  hold(key: string, answer: Answer): void
  /** The answer as it was held, or made again, step by step, where it was given up. */
  resume(key: string, request: AnswerRequest, tokens: number): Answer
  /** Gives up what a process holds. */
  drop(prefix: string): void
}

/** A cache more than are held, for the answer under way. */
export const sessionsMax = 3

export function createLiveAnswers(
  model: LoadedModel,
  sha256: (bytes: Uint8Array) => Uint8Array,
): LiveAnswers {
  const held = new Map<string, Answer>()
  const begin = (request: AnswerRequest) => beginAnswer(model, request, sha256)
  const giveUp = (key: string) => {
    held.get(key)?.end()
    held.delete(key)
  }
  return {
    begin,
    hold: (key, answer) => {
      giveUp(key)
      held.set(key, answer)
      const [oldest] = held.keys()
      if (held.size >= sessionsMax && oldest !== undefined) giveUp(oldest)
    },
    resume: (key, request, tokens) => {
      const live = held.get(key)
      held.delete(key)
      if (live?.tokens === tokens) return live
      live?.end()
      const answer = begin(request)
      while (answer.tokens < tokens && answer.finish === undefined) answer.advance()
      return answer
    },
    drop: (prefix) => {
      for (const key of [...held.keys()]) if (key.startsWith(prefix)) giveUp(key)
    },
  }
}
