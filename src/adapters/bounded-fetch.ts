/**
 * The fetch of those who ask other systems that an operator has named. It reads no more than so many bytes, follows no
 * redirect, which could lead a token astray, and says in a clause why nobody answered.
 */
export function boundedFetch(most_bytes: number): typeof fetch {
  return async (input, init) => {
    const response = await answerTo(input, init);
    const { status, statusText, headers, body } = response;
    return new Response(body?.pipeThrough(capped(most_bytes)) ?? null, { status, statusText, headers });
  };
}

async function answerTo(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(input, { ...init, redirect: 'manual' });
  } catch (error) {
    // What undici knows stands in the cause; "fetch failed" helps nobody.
    const cause = error instanceof TypeError ? error.cause : undefined;
    if (!(cause instanceof Error)) throw error;
    const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
    throw new Error(`cannot be reached (${why})`, { cause: error });
  }
}

function capped(most_bytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let size_bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      size_bytes += chunk.length;
      if (size_bytes <= most_bytes) controller.enqueue(chunk);
      else controller.error(new Error(`answered with more than ${most_bytes} bytes`));
    },
  });
}
