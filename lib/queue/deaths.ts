/** A message that was under way in so many processes when they died is not given to another one. */
export const mostDeaths = 3;

/** Logged with what was under way each time. */
export const diedTooOften = 'a message is set aside: processes died while it was under way';
