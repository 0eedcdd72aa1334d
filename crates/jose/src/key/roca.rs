//! Recognises RSA keys of the generator that many smart cards, identity cards and TPM had
//! (CVE-2017-15361, "ROCA"). Its primes are powers of 65537 modulo a product of small primes, which
//! leaves so few of them that the private key can be computed from the public one.
//!
//! The product of two such powers is such a power, so the modulus shows it. By chance a modulus is
//! one modulo all of the small primes once in 2^167 times.

const GENERATOR: u32 = 65537;

/// The last of the small primes for keys of 1984 bits; longer keys have these and more.
const LAST_PRIME: u32 = 701;

/// Whether a modulus of at least 2048 bits, big-endian, comes from that generator.
pub(crate) fn is_of_faulty_generator(modulus: &[u8]) -> bool {
    primes().all(|prime| is_power(remainder(modulus, prime), prime))
}

/// The odd primes, as far as somebody asks.
fn primes() -> impl Iterator<Item = u32> {
    let is_prime = |number: &u32| {
        let mut divisors =
            (3..*number).step_by(2).take_while(|divisor| divisor * divisor <= *number);
        divisors.all(|divisor| !number.is_multiple_of(divisor))
    };
    (3..=LAST_PRIME).step_by(2).filter(is_prime)
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime)
}

/// Whether the number is a power of the generator modulo the prime.
fn is_power(number: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == number {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primes_are_those() {
        let primes: Vec<u32> = primes().collect();
        assert_eq!(primes.first_chunk(), Some(&[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]));
        assert_eq!(primes.len(), 125);
        assert_eq!(primes.last(), Some(&LAST_PRIME));
    }

    #[test]
    fn powers_are_told_from_other_numbers() {
        // 65537 is -1 modulo 11, and 4 modulo 13.
        let powers = |prime| (0..prime).filter(move |number| is_power(*number, prime));
        assert!(powers(11).eq([1, 10]));
        assert!(powers(13).eq([1, 3, 4, 9, 10, 12]));
        assert_eq!(remainder(&[1, 0, 1], 11), 65537 % 11);
    }
}
