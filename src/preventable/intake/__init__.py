"""Files in at the door: read apart, judged, held, refused or taken in, with a receipt and a report for their sender."""
