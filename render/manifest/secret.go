package manifest

import (
	"encoding/json"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// completeSecret moves stringData into data, where it wins, as the API server does with what it may only read.
func completeSecret(s *corev1.Secret) {
	if len(s.StringData) == 0 {
		return
	}
	data := maps.Clone(s.Data)
	if data == nil {
		data = map[string][]byte{}
	}
	for k, v := range s.StringData {
		data[k] = []byte(v)
	}
	s.Data, s.StringData = data, nil
}

// secretRules are the rules of a Secret (ValidateSecret in k8s.io/kubernetes/pkg/apis/core/validation).
func secretRules(s *corev1.Secret, r report) {
	keyRules(s.Data, "data", r)
	sizeRule(size(s.Data), "data", r)
	require := func(key string) {
		if _, ok := s.Data[key]; !ok {
			r(CodeMissingField, keyed("data", key), key+" is required for the type "+string(s.Type), "")
		}
	}
	switch s.Type {
	case corev1.SecretTypeTLS:
		require(corev1.TLSCertKey)
		require(corev1.TLSPrivateKeyKey)
	case corev1.SecretTypeDockercfg:
		require(corev1.DockerConfigKey)
		objectRule(s, corev1.DockerConfigKey, r)
	case corev1.SecretTypeDockerConfigJson:
		require(corev1.DockerConfigJsonKey)
		objectRule(s, corev1.DockerConfigJsonKey, r)
	case corev1.SecretTypeBasicAuth:
		_, user := s.Data[corev1.BasicAuthUsernameKey]
		_, password := s.Data[corev1.BasicAuthPasswordKey]
		if !user && !password {
			r(CodeMissingField, keyed("data", corev1.BasicAuthUsernameKey),
				fmt.Sprintf("%s or %s is required for the type %s", corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey, s.Type), "")
		}
	case corev1.SecretTypeSSHAuth:
		if len(s.Data[corev1.SSHAuthPrivateKey]) == 0 {
			r(CodeMissingField, keyed("data", corev1.SSHAuthPrivateKey),
				corev1.SSHAuthPrivateKey+" is required for the type "+string(s.Type), "")
		}
	case corev1.SecretTypeServiceAccountToken:
		if s.Annotations[corev1.ServiceAccountNameKey] == "" {
			r(CodeMissingField, keyed("metadata.annotations", corev1.ServiceAccountNameKey),
				"the annotation "+corev1.ServiceAccountNameKey+" is required for the type "+string(s.Type), "")
		}
	}
}

// objectRule says that what is under a key must be a JSON object. It does not say what is wrong with it: that may be a secret.
func objectRule(s *corev1.Secret, key string, r report) {
	data, ok := s.Data[key]
	if !ok {
		return
	}
	var object map[string]any
	if json.Unmarshal(data, &object) != nil {
		r.invalid(keyed("data", key), "must be a JSON object for the type "+string(s.Type))
	}
}
