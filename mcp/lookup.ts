import type { AnyUseCase } from '#application/use-case.ts';

/** A use-case that this door cannot do without. */
export function useCaseOf(catalogue: readonly AnyUseCase[], name: string): AnyUseCase {
  const found = catalogue.find((useCase) => useCase.name === name);
  if (!found) throw new Error(`The catalogue has no ${name}.`);
  return found;
}
