/** The invariants that what is stored can show, by the number under which the documentation explains them. */
export const invariants = {
  I1: 'every event and every transition exactly once, in order, without a gap',
  I2: 'only transitions that the pinned configuration allows',
  I3: 'no promotion but on criteria that pass on fresh evidence of that stage entry',
  I4: 'an approval counts once, from somebody who may give it, for what it was asked for',
  I5: "a task's result is recorded exactly once",
  I6: 'a task begins after the tasks that it depends on have succeeded',
  I9: 'the tables are what the events say',
  I10: 'no more journeys at once than the cap',
  I11: 'nothing from before a rollback opens a gate after it',
  I12: 'nothing due is overdue, and nothing leased is dead',
  I13: 'a process that has lost its lease records nothing',
  I14: 'no more attempts at a task than its policy allows',
  I16: 'every event has an actor, a door and a request',
  I19: 'no verdict rests on evidence that does not count for its criterion',
  erasure: 'an erasure that was recorded is also done',
  event_store: 'what was copied to the event store is what the journal says',
} as const;

export type Invariant = keyof typeof invariants;

export type Violation = { readonly invariant: Invariant; readonly message: string };
