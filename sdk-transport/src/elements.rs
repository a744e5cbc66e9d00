//! Splitting a JSON array into its elements while it arrives.

use bytes::{Bytes, BytesMut};

use crate::{Error, web_page};

/// Cuts the elements out of a top-level JSON array that arrives in pieces.
///
/// It only looks for the elements' borders; each element is decoded on its own, so that a list never lies in memory
/// as a whole and one unreadable element spoils only itself.
#[derive(Debug)]
pub struct ElementSplitter {
    buffer: BytesMut,
    scanned: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    state: State,
    max_element: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Before,
    Inside,
    After,
}

impl ElementSplitter {
    /// A splitter that refuses elements longer than `max_element` bytes.
    pub fn new(max_element: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            state: State::Before,
            max_element,
        }
    }

    /// Takes the next piece and returns the elements that are now complete.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode) if this is no array, [`TooLarge`](crate::ErrorKind::TooLarge) for an
    /// oversized element.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Bytes>, Error> {
        self.buffer.extend_from_slice(piece);
        let mut elements = Vec::new();
        while self.scanned < self.buffer.len() {
            let byte = self.buffer[self.scanned];
            match self.state {
                State::Before if byte == b'[' => {
                    self.drop_scanned();
                    self.state = State::Inside;
                    continue;
                }
                State::Before | State::After => {
                    if self.state == State::Before && byte == b'<' {
                        return Err(web_page::error(&self.buffer));
                    }
                    if !byte.is_ascii_whitespace() {
                        return Err(Error::decode(if self.state == State::Before {
                            "expected a JSON array"
                        } else {
                            "text follows the end of the JSON array"
                        }));
                    }
                    self.drop_scanned();
                    continue;
                }
                State::Inside => {}
            }
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b']' if self.depth == 0 => {
                        elements.extend(self.take_element());
                        self.state = State::After;
                        continue;
                    }
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    b',' if self.depth == 0 => {
                        elements.extend(self.take_element());
                        continue;
                    }
                    _ => {}
                }
            }
            self.scanned += 1;
        }
        if self.buffer.len() > self.max_element {
            return Err(Error::new(
                crate::ErrorKind::TooLarge,
                format!(
                    "an element of the list is longer than {} bytes",
                    self.max_element
                ),
            ));
        }
        Ok(elements)
    }

    /// Checks that the array was complete.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode) if the text ended early.
    pub fn finish(&self) -> Result<(), Error> {
        if self.state == State::After {
            Ok(())
        } else {
            Err(Error::decode("the JSON array ends early"))
        }
    }

    fn drop_scanned(&mut self) {
        let _ = self.buffer.split_to(self.scanned + 1);
        self.scanned = 0;
    }

    fn take_element(&mut self) -> Option<Bytes> {
        let element = self.buffer.split_to(self.scanned).freeze();
        self.scanned = 0;
        self.drop_scanned();
        (!element.trim_ascii().is_empty()).then_some(element)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\PC\"\\\\\\[\\]{},]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn elements_are_those_of_the_array_however_it_is_cut(
            array in prop::collection::vec(json(), 0..6), cuts in prop::collection::vec(1_usize..40, 1..60), pretty: bool,
        ) {
            let text = if pretty { serde_json::to_string_pretty(&array) } else { serde_json::to_string(&array) }.unwrap();
            let mut splitter = ElementSplitter::new(1 << 20);
            let mut found = Vec::new();
            let mut rest = text.as_bytes();
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let (piece, tail) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                rest = tail;
                for element in splitter.push(piece).unwrap() {
                    found.push(serde_json::from_slice::<Value>(&element).unwrap());
                }
                if !rest.is_empty() {
                    prop_assert!(splitter.finish().is_err(), "a cut array is not complete");
                }
            }
            splitter.finish().unwrap();
            prop_assert_eq!(found, array);
        }
    }

    #[test]
    fn what_is_no_array_is_refused() {
        assert!(ElementSplitter::new(10).push(b"{\"a\":1}").is_err());
        assert!(ElementSplitter::new(10).push(b"[1] 2").is_err());
        assert!(ElementSplitter::new(10).push(b"[\"01234567890\"").is_err());
    }
}
