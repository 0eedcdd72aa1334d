//! `name=value&…` as RFC 6749 wants it read: unknown names ignored, an empty value is none, a known
//! name twice is an error (RFC 6749 3.2).

use percent_encoding::percent_decode;
use secrecy::SecretString;

use crate::error::{ApiError, ApiResult};

/// Decoded pairs. Names are asked for one by one; what nobody asks for is ignored.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl std::fmt::Debug for Pairs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Pairs {
    pub(super) fn parse(text: &[u8]) -> ApiResult<Self> {
        let pairs = text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        pairs
            .map(decode_pair)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| ApiError::invalid_request("A parameter is not UTF-8."))
    }

    /// The value of this name.
    pub(crate) fn take(&mut self, name: &'static str) -> ApiResult<Option<String>> {
        let mut values = self.0.extract_if(.., |(own, _)| own == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(ApiError::invalid_field(name, "This parameter stands twice."));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The value of this name, as a secret.
    pub(crate) fn take_secret(&mut self, name: &'static str) -> ApiResult<Option<SecretString>> {
        Ok(self.take(name)?.map(SecretString::from))
    }

    /// The value of this name, which must be there.
    pub(crate) fn demand(&mut self, name: &'static str) -> ApiResult<String> {
        self.take(name)?.ok_or_else(|| ApiError::invalid_field(name, "This parameter is missing."))
    }

    /// The same, as a secret.
    pub(crate) fn demand_secret(&mut self, name: &'static str) -> ApiResult<SecretString> {
        self.demand(name).map(SecretString::from)
    }

    /// Whether the name stands there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }
}

fn decode_pair(pair: &[u8]) -> Option<(String, String)> {
    let mut halves = pair.splitn(2, |&byte| byte == b'=');
    let name = decode(halves.next().unwrap_or_default())?;
    let value = decode(halves.next().unwrap_or_default())?;
    Some((name, value))
}

/// `application/x-www-form-urlencoded`: a plus is a space, the rest is percent-encoding.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let mut pairs = Pairs::parse(b"a=1+%2B%c3%A9&b&&c=x=y&%61%62=z").unwrap();
        assert_eq!(pairs.take("a").unwrap().unwrap(), "1 +é");
        assert_eq!(pairs.take("b").unwrap(), None);
        assert_eq!(pairs.take("c").unwrap().unwrap(), "x=y");
        assert_eq!(pairs.take("ab").unwrap().unwrap(), "z");
        assert!(Pairs::parse(b"a=%ff").is_err());
    }

    #[test]
    fn t4_a_known_name_twice_is_refused_even_when_empty() {
        assert!(Pairs::parse(b"a=1&a=").unwrap().take("a").is_err());
        assert!(Pairs::parse(b"a=1&%61=2").unwrap().take("a").is_err());
        assert_eq!(Pairs::parse(b"x=1&x=2&a=1").unwrap().take("a").unwrap().unwrap(), "1");
    }
}
